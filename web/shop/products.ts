export type Product = {
  readonly id: number;
  readonly name: string;
  readonly text: string;
  /** In cents, since money is counted in whole numbers. */
  readonly cents: number;
};

/** What the shop sells. The services know no products: an order says what one costs. */
export const PRODUCTS: readonly Product[] = [
  { id: 1, name: "Enamel mug", text: "Holds coffee and one deadline.", cents: 29_99 },
  { id: 2, name: "Notebook", text: "Ninety-six pages, no autocomplete.", cents: 49_99 },
  { id: 3, name: "Desk lamp", text: "Warm light for late retries.", cents: 89_00 },
  { id: 4, name: "Rubber duck", text: "Listens. Has never interrupted anybody.", cents: 7_50 },
  { id: 5, name: "Cable, two metres", text: "Connects most things to most other things.", cents: 12_00 },
  { id: 6, name: "Wall clock", text: "Does not drift. Much.", cents: 64_25 },
];

export const productNamed = (id: number): string =>
  PRODUCTS.find((product) => product.id === id)?.name ?? `Product ${id}`;
