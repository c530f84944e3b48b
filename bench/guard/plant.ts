// A loss, planted to see that the guard notices.

/** What a call is to cost more, in characters of code that are run and in bytes. */
export type Plant = { readonly code?: number; readonly bytes?: number };

/** What a round of the loop counts, its head and its body. */
const LOOP_CHARACTERS = 43;

/** A function that costs about as much as the plant says each time that it is called. */
export function planted({ code = 0, bytes = 0 }: Plant): () => void {
  const rounds = Math.round(code / LOOP_CHARACTERS);
  const length = Math.round(bytes / 8);
  return () => {
    let sum = 0;
    for (let i = 0; i < rounds; i++) {
      sum = (sum * 31 + i) % 65_521;
    }
    if (length > 0) new Array(length).fill(sum);
  };
}
