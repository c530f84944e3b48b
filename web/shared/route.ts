import { signal } from "@preact/signals";

/** What follows the "#" of the address, such as "/orders/7". */
export const route = signal(current());

addEventListener("hashchange", () => {
  route.value = current();
});

function current(): string {
  return location.hash.replace(/^#/, "") || "/";
}
