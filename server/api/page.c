/* The page, as esbuild bundled it, within the program. */
#include "api/api.h"

#define EMBED(name, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            "page_" name ": .incbin \"web/dist/" file "\"\n"                                       \
            "page_" name "_end: .byte 0\n"                                                         \
            ".balign 8\n"                                                                          \
            "page_" name "_bytes: .quad page_" name "_end - page_" name "\n"                       \
            ".popsection\n")

EMBED("html", "index.html");
EMBED("script", "page.js");
EMBED("style", "page.css");
EMBED("icon", "icon.svg");

extern const unsigned char page_html[], page_script[], page_style[], page_icon[];
extern const size_t page_html_bytes, page_script_bytes, page_style_bytes, page_icon_bytes;

const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const struct asset *page_assets(void)
{
    static struct asset assets[5]; /* the last one's path stays NULL */
    assets[0] = (struct asset){"/", "text/html; charset=utf-8", page_html, page_html_bytes};
    assets[1] = (struct asset){"/assets/page.js", "text/javascript; charset=utf-8", page_script,
                               page_script_bytes};
    assets[2] =
        (struct asset){"/assets/page.css", "text/css; charset=utf-8", page_style, page_style_bytes};
    assets[3] = (struct asset){"/assets/icon.svg", "image/svg+xml", page_icon, page_icon_bytes};
    return assets;
}
