/* The admin theme writes the name of a chosen file into a field of its own widget, which this plain form does not have. */
"use strict";

addEventListener("change", (event) => { if (event.target.type === "file") event.stopImmediatePropagation(); }, true);
