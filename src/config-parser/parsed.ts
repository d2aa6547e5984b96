/** The answer of small parsers: a value, or the reason why the text is none. */
export type Parsed<T> =
  | { readonly value: T; readonly error?: undefined; readonly warning?: string }
  | { readonly value?: undefined; readonly error: string; readonly warning?: undefined };

export function parsed<T>(value: T): Parsed<T> {
  return { value };
}

/** Understood, but hardly meant so. */
export function doubtful<T>(value: T, warning: string): Parsed<T> {
  return { value, warning };
}

export function refused<T>(error: string): Parsed<T> {
  return { error };
}
