import { shownMoney } from "../shared/money.ts";
import { addToCart } from "./cart.ts";
import { PRODUCTS } from "./products.ts";
import { WORDS } from "./words.ts";

export function ProductsView() {
  return (
    <section aria-labelledby="products">
      <h2 id="products">{WORDS.products}</h2>
      <ul class="products">
        {PRODUCTS.map(({ id, name, text, cents }) => (
          <li key={id} class="card">
            <h3>{name}</h3>
            <p>{text}</p>
            <p class="row">
              <span class="amount">{shownMoney(cents, "USD")}</span>
              <button type="button" aria-label={WORDS.add(name)} onClick={() => addToCart(id)}>
                {WORDS.addShort}
              </button>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
