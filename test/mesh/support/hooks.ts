import { closeAgents, deployShop } from "./shop.ts";

export const mochaHooks = {
  async beforeAll(this: Mocha.Context) {
    this.timeout(180_000);
    await deployShop();
  },
  async afterAll() {
    await closeAgents();
  },
};
