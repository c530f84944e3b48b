import assert from "node:assert/strict";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { StreamTable } from "../../src/http2/stream-table.ts";
import { type Random, seeded } from "../support/random.ts";

const streamOf = (id: number) => ({ id }) as Http2Stream;

/** How the ids of a client may grow. */
const STEPS: Readonly<Record<string, (random: Random) => number>> = {
  "one after the other": () => 2,
  "with gaps": (random) => 2 + 2 * Math.floor(random() * 50),
  "so that all want the same place": () => 8192,
  "so that most want the same place": (random) => (random() < 0.9 ? 4096 : 2 + 2 * Math.floor(random() * 3)),
};

describe("a stream table", () => {
  for (const [name, step] of Object.entries(STEPS)) {
    it(`holds what a map holds, with ids that grow ${name}`, () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const random = seeded(seed);
      const table = new StreamTable();
      const map = new Map<number, Http2Stream>();
      let id = 1;
      let most = 300;
      for (let i = 0; i < 20_000; i++) {
        if (i % 4000 === 3999) most = 1 + Math.floor(random() * 600);
        if (random() < (map.size < most ? 0.6 : 0.2)) {
          const stream = streamOf(id);
          id += step(random);
          table.add(stream);
          map.set(stream.id, stream);
        } else {
          const ids = [...map.keys()];
          const gone = random() < 0.9 ? ids[Math.floor(random() * ids.length)] : id;
          if (gone === undefined) continue;
          table.delete(gone);
          map.delete(gone);
        }
        assert.equal(table.size, map.size, `seed ${seed}`);
        const some = 1 + 2 * Math.floor((random() * id) / 2);
        assert.equal(table.get(some), map.get(some), `seed ${seed}`);
        if (i % 500 !== 0) continue;
        for (const [known, stream] of map) assert.equal(table.get(known), stream, `seed ${seed}`);
        assert.deepEqual(new Set(table.all()), new Set(map.values()), `seed ${seed}`);
      }
      for (const known of map.keys()) table.delete(known);
      assert.equal(table.size, 0);
      assert.deepEqual(table.all(), []);
    });
  }

  it("holds the highest ids", () => {
    const table = new StreamTable();
    for (const id of [2 ** 31 - 1, 2 ** 31 - 3, 1]) table.add(streamOf(id));
    for (const id of [2 ** 31 - 1, 2 ** 31 - 3, 1]) assert.equal(table.get(id)?.id, id);
    table.delete(2 ** 31 - 1);
    assert.equal(table.get(2 ** 31 - 1), undefined);
    assert.equal(table.get(2 ** 31 - 3)?.id, 2 ** 31 - 3);
  });
});
