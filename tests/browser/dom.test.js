// SPDX-License-Identifier: MIT
// The few functions that all pages build on, in a page.
import assert from "node:assert/strict";
import { browserTests } from "./support/browser_test.js";

const claim = browserTests();

claim(
  "keepList: children follow the list's order, each made once, and the focused one stays so",
  {},
  async ({ page }) => {
    const seen = await page.evaluate(async () => {
      const { keepList, element } = await import("/dashboard/dom.js");
      const list = element("ul");
      document.body.append(list);
      let made = 0;
      const show = (...keys) => {
        const make = (key) => (++made, element("li", {}, element("button", { id: `kept-${key}` }, key)));
        keepList(
          list,
          keys,
          (key) => key,
          make,
          () => {},
        );
        return [...list.children].map((child) => child.textContent).join("");
      };
      const orders = [show("a", "b", "c")];
      document.getElementById("kept-b").focus();
      orders.push(show("x", "a", "b", "c"), show("b", "c", "y"), show("c", "b"), show(), show("b"));
      return { orders, made, focus: document.activeElement.id, kept: list.keptChildren.size };
    });

    // a, b, c, x and y are made once; b is made again after it was gone.
    assert.deepEqual(seen.orders, ["abc", "xabc", "bcy", "cb", "", "b"]);
    assert.equal(seen.made, 6);
    assert.equal(seen.kept, 1);
  },
);

claim("keepList: what has the focus keeps it while others come and go around it", {}, async ({ page }) => {
  const focus = await page.evaluate(async () => {
    const { keepList, element } = await import("/dashboard/dom.js");
    const list = element("ul");
    document.body.append(list);
    const show = (...keys) =>
      keepList(
        list,
        keys,
        (key) => key,
        (key) => element("li", {}, element("button", { id: `kept-${key}` }, key)),
        () => {},
      );
    show("a", "b");
    document.getElementById("kept-b").focus();
    show("x", "y", "b", "z");
    const whileOthersCame = document.activeElement.id;
    show("b", "z", "x");
    return [whileOthersCame, document.activeElement.id];
  });

  assert.deepEqual(focus, ["kept-b", "kept-b"]);
});

claim("element: what looks like markup is text, and an attribute that is not wanted is none", {}, async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const { element } = await import("/dashboard/dom.js");
    const made = element("p", { title: "<b>", hidden: false, lang: null }, "<img src=x onerror=alert(1)>", null, false);
    return { text: made.textContent, elements: made.children.length, attributes: made.getAttributeNames() };
  });

  assert.deepEqual(seen, { text: "<img src=x onerror=alert(1)>", elements: 0, attributes: ["title"] });
});
