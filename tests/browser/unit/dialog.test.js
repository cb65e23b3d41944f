// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortened } from "../../../src/dashboard/dialog.js";

test("dialog: a reason is cut to its bytes, never within a character", () => {
  // One byte each, three each, four each; 500 is no multiple of three.
  assert.equal(shortened("a".repeat(501), 500), "a".repeat(500));
  assert.equal(shortened("停".repeat(200), 500), "停".repeat(166));
  assert.equal(shortened("😀".repeat(200), 500), "😀".repeat(125));
  assert.equal(shortened(`a${"😀".repeat(200)}`, 500), `a${"😀".repeat(124)}`);
});

test("dialog: a reason that fits stays as it is", () => {
  for (const text of ["", "smoke in the field", "停".repeat(166), "a".repeat(500)])
    assert.equal(shortened(text, 500), text);
});
