// SPDX-License-Identifier: MIT
// Texts that would do something, were they ever taken for markup, for a script, for a pattern or for a key; and an
// answer of a cloud that has them.
const active = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
  "<iframe srcdoc='<script>alert(1)</script>'>",
  "<iframe src=javascript:alert(1)>",
  "<a href=javascript:alert(1)>press</a>",
  "<body onload=alert(1)>",
  "<details open ontoggle=alert(1)>",
  "<input autofocus onfocus=alert(1)>",
  "<video><source onerror=alert(1)></video>",
  "<math><mtext><script>alert(1)</script></mtext></math>",
  "<object data=javascript:alert(1)>",
  "<embed src=javascript:alert(1)>",
  "<form action=javascript:alert(1)><button>go</button></form>",
  "<base href=//example.invalid/>",
  "<meta http-equiv=refresh content=0;url=//example.invalid>",
  "<link rel=stylesheet href=//example.invalid/x.css>",
  "<style>*{display:none}</style>",
  "<template><img src=x onerror=alert(1)></template>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<x style=animation-name:x onanimationstart=alert(1)>",
  "<marquee onstart=alert(1)>",
];
const wrappers = [
  (text) => text,
  (text) => `">${text}`,
  (text) => `'>${text}`,
  (text) => `</script>${text}`,
  (text) => `</textarea></title>${text}`,
  (text) => `-->${text}<!--`,
  (text) => `]]>${text}`,
  (text) => `&lt;${text}&gt;`,
];
const plain = [
  "javascript:alert(1)",
  "{{constructor.constructor('alert(1)')()}}",
  "${alert(1)}",
  "#{alert(1)}",
  "';alert(1)//",
  '";alert(1);"',
  "`${alert(1)}`",
  "__proto__",
  "constructor",
  "toString",
  "%3Cscript%3Ealert(1)%3C/script%3E",
  "&#60;script&#62;alert(1)&#60;/script&#62;",
  "\\u003cscript\\u003ealert(1)",
  "=HYPERLINK(alert(1))",
  "$& $1 $` %s %d {0}",
  "ünïcödé 日本語 😀 ‹script›",
];

export const hostileTexts = [...active.flatMap((text) => wrappers.map((wrap) => wrap(text))), ...plain];

/** As far as a device may be called so: names that mean something to a careless program. */
export const hostileDevices = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "javascript:alert.1",
  "onerror",
];

/** The cloud refuses every device, each request with the next of the texts as message and as request id. */
export function hostileAnswer(before) {
  const text = hostileTexts[before % hostileTexts.length];
  const body = { Code: "iot.device.NotExistedDevice", ErrorMessage: text, RequestId: text, Success: false };
  return { status: 200, body };
}
