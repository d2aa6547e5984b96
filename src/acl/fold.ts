/** ASCII case folding, remembered for the last text: rules ask for the same header many times in a row. */

let lastText = '';
let lastLower = '';

export function lowerCase(text: string): string {
  if (text === lastText) return lastLower;
  lastLower = fold(text);
  lastText = text;
  return lastLower;
}

/** What `-i` compares, of patterns and samples alike. Bytes beyond ASCII keep their value, as in HAProxy. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return /[\u0080-\uffff]/.test(text) ? text.replace(/[A-Z]+/g, run => run.toLowerCase()) : lower;
}
