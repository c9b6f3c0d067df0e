import "uplot/dist/uPlot.min.css";
import "./styles/page.css";
import "./app/theme"; /* first: before anything is drawn */
import { render } from "preact";
import { Shell } from "./app/shell";

document.addEventListener("DOMContentLoaded", () => render(<Shell />, document.body));
