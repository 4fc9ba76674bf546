// What elements are made with. Calls with children as arguments are shorter than those that the
// automatic form of JSX makes, and a page has a thousand of them.
export { Fragment as groupElements, h as makeElement } from "preact";
