const TIMES = 3;

/**
 * Measures anew if a window fails, and tells so; throws if it fails three times. `measure` is told whether it is called again. On a machine that
 * stands still for a second a gateway's call runs out of its time: that window is worth nothing, but the other quarter of an hour is.
 */
export async function again<T>(measure: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let left = TIMES - 1; ; left--) {
    try {
      return await measure(left < TIMES - 1);
    } catch (error) {
      if (left === 0) throw error;
      console.error(`a window is measured again: ${error instanceof Error ? error.message.split("\r\n")[0] : error}`);
    }
  }
}
