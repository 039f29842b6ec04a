// What reads files: one door to modules of Node, loaded when it is used. files.browser.ts stands for it in bundles for browsers.

export { Table } from "./tables/table.ts";
