/* esbuild collects style sheets into page.css. */
declare module "*.css";
