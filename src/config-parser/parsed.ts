/** The answer of small parsers: a value, or the reason why the text is none. */
export type Parsed<T> =
  { readonly value: T; readonly error?: undefined } | { readonly value?: undefined; readonly error: string };

export function parsed<T>(value: T): Parsed<T> {
  return { value };
}

export function refused<T>(error: string): Parsed<T> {
  return { error };
}
