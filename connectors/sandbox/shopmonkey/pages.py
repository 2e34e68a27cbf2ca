"""How a page for people looks."""

from __future__ import annotations

from html import escape

from connectors.sandbox.core import Response

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#f4f4f8;color:#1f1f33;margin:0}"
    "main{max-width:34rem;margin:6vh auto;background:#fff;padding:2rem;border-radius:8px;border:1px solid #cfcfe0;"
    "overflow-wrap:break-word}main.wide{max-width:66rem}h1{font-size:1.35rem;margin-top:0}h2{font-size:1.1rem}"
    "label{display:block;padding:.35rem 0}input[type=text],input[type=search],select{font:inherit;width:100%;"
    "box-sizing:border-box;padding:.4rem;border:1px solid #7a7a99;border-radius:4px}button{font:inherit;"
    "padding:.55rem 1.3rem;border-radius:4px;cursor:pointer;border:1px solid #3a2a8c;min-height:2.5rem}"
    "button.yes{background:#3a2a8c;color:#fff}button.no{background:#fff;color:#1f1f33}"
    "p.note{color:#4c4c66;font-size:.9rem}div.buttons{display:flex;gap:1rem;margin:1rem 0;flex-wrap:wrap}"
    "div.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.45rem .6rem}"
    "td.sum,th.sum{text-align:right;white-space:nowrap}tr{border-bottom:1px solid #e0e0ec}a{color:#3a2a8c}"
    "nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin-bottom:1rem}nav a{padding:.2rem 0}"
    "p.done{background:#e5f5ea;border:1px solid #14663a;padding:.6rem 1rem}"
    "p.bad{background:#fdedee;border:1px solid #a5182b;padding:.6rem 1rem}"
)


def language(accept: str) -> str:
    """French or English, by what the browser would rather read."""
    return "fr" if accept.strip().lower().startswith("fr") else "en"


def page(title: str, body: str, lang: str, status: int = 200, *, wide: bool = False) -> Response:
    """A page with its heading."""
    html = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main{' class=wide' if wide else ''}><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(status, html.encode(), {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
