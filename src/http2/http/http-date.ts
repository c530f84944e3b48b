let second = 0;
let text = "";

/** The value of `date`, made once a second. */
export function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(1000 * now).toUTCString();
  }
  return text;
}
