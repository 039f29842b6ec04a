export { colorEnabled, displayWidth, paint, plain, type Style } from "./color.ts";
export { picture, sideBySide } from "./picture.ts";
export { type Column, classTable, confusionTable, type Table, table } from "./table.ts";
