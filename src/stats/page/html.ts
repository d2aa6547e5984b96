/** Text for HTML: whatever comes from a configuration, a server or a client passes through here. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, character => ENTITIES[character] as string) : text;
}

/** For names of anchors and elements: what is no letter, digit, `-` or `_` becomes its code. */
export function elementName(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, character => `.${character.charCodeAt(0).toString(16)}`);
}

/** `1 234 567`, with narrow blanks that do not break. */
export function grouped(value: number): string {
  return value < 10000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** `1.23M` of bytes: thousands, as networks count. */
export function shortBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return String(bytes);
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)}${UNITS[unit]}`;
}

/** `45s`, `12m`, `1h2m`, `3d4h`: no finer than people need, so that live pages do not change every second. */
export function shortTime(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}
