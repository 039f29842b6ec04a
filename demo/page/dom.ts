/** The element of the page with that id. */
export function find<K extends keyof HTMLElementTagNameMap>(id: string, tag: K): HTMLElementTagNameMap[K];
export function find(id: string): HTMLElement;
export function find(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element "${id}".`);
  return element;
}

/** A new element with a class and a text, below `parent`. */
export function make<K extends keyof HTMLElementTagNameMap>(
  parent: Element | undefined,
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  parent?.append(element);
  return element;
}

/** Sets a text where it has changed, so that nothing is laid out or read aloud again without need. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
