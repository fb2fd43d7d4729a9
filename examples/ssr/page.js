/* global request */
// The client's bundle, as a browser would get it. The server runs it as well,
// in a new vm context for each request; `console` and `request` come from there.

// Every line it logs shall name its page. Harmless in a browser, where each
// page load has a console of its own.
const nativeError = console.error;
console.error = (...args) => {
  nativeError(`[page ${request.number}]`, ...args);
};

const items = Array.from({ length: 40 }, (_, at) => ({
  id: at + 1,
  title: `Item ${at + 1} of page ${request.number}`,
  price: ((at * 37 + request.number) % 900) / 10 + 5,
}));

function render() {
  const rows = items.map(({ id, title, price }) => `<li id="item-${id}">${title}: ${price.toFixed(2)}</li>`);
  return `<!doctype html>\n<title>Page ${request.number}</title>\n<ul>\n${rows.join('\n')}\n</ul>\n`;
}

render();
