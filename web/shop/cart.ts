// What somebody is about to order.
import { computed, signal } from "@preact/signals";
import { PRODUCTS } from "./products.ts";

export type CartLine = {
  readonly productId: number;
  /** As typed. What is no number is the server's to refuse, which says why. */
  readonly quantity: string;
};

export const cart = signal<readonly CartLine[]>([]);

export const cents = computed(() => cart.value.reduce((sum, line) => sum + centsOf(line) * quantityOf(line), 0));

export function addToCart(productId: number): void {
  const line = cart.value.find((other) => other.productId === productId);
  if (line === undefined) cart.value = [...cart.value, { productId, quantity: "1" }];
  else setQuantity(productId, String(quantityOf(line) + 1));
}

export function setQuantity(productId: number, quantity: string): void {
  cart.value = cart.value.map((line) => (line.productId === productId ? { productId, quantity } : line));
}

/** Takes out what was ordered. What was added meanwhile stays. */
export function takeFromCart(ordered: readonly { readonly productId: number; readonly quantity: number }[]): void {
  cart.value = cart.value.flatMap((line) => {
    const taken = ordered.find(({ productId }) => productId === line.productId)?.quantity ?? 0;
    const left = quantityOf(line) - taken;
    return taken === 0 ? [line] : left > 0 ? [{ ...line, quantity: String(left) }] : [];
  });
}

export function removeFromCart(productId: number): void {
  cart.value = cart.value.filter((line) => line.productId !== productId);
}

/** A whole number that fits the contract's uint32; 0 for all else, which no order may have. */
export function quantityOf({ quantity }: CartLine): number {
  return /^\d{1,9}$/.test(quantity.trim()) ? Number(quantity) : 0;
}

export function centsOf({ productId }: CartLine): number {
  return PRODUCTS.find((product) => product.id === productId)?.cents ?? 0;
}
