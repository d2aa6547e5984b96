/** Filled into released buffers in the engines' checking mode: a use after release shows up as these bytes. */
export const POISON = 0xdb;
