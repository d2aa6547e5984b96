/**
 * The head of an HTTP message as proxy/, rules/ and acl/ see it, independent of the wire (HTTP/1 or HTTP/2).
 * All text is latin1: one char is one byte as received.
 */
export interface Headers {
  readonly count: number;
  /** As received. */
  nameAt(index: number): string;
  /** Lower case. */
  lowerNameAt(index: number): string;
  valueAt(index: number): string;
  /**
   * Index of the first header of that lower-case name at or after `from`, or -1. `hash`, here and below: of the name
   * (hashName()), where it is known long before.
   */
  find(lowerName: string, from?: number, hash?: number): number;
  /** Value of the first one, or undefined. */
  get(lowerName: string): string | undefined;
  has(lowerName: string): boolean;
  add(name: string, value: string, hash?: number): void;
  /** Removes all of that name, then adds one. */
  set(name: string, value: string): void;
  /** How many were removed. */
  remove(lowerName: string, hash?: number): number;
  removeAt(index: number): void;
  setValueAt(index: number, value: string): void;
  setNameAt(index: number, name: string): void;
}

export interface RequestHead {
  method: string;
  /** Request target as received: origin-form, absolute-form, authority-form or `*`. */
  target: string;
  /** 9, 10, 11 or 20. */
  version: number;
  /** The digits it came with, where they may be others: 30 of HTTP/3.0, which is read as 1.1. */
  readonly writtenVersion?: number;
  readonly headers: Headers;
}

export interface ResponseHead {
  status: number;
  reason: string;
  version: number;
  readonly headers: Headers;
}
