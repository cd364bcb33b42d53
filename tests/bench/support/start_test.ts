/** Cold starts from programs and from weights, in processes of their own. */
import { assert, assertRejects } from "@std/assert";
import { measureBare, measureStart } from "../../../bench/support/start.ts";
import { compileModel, GraphBuilder, writeSafetensors } from "../../../mod.ts";

Deno.test("a start is measured from a compiled program and from weights", async () => {
  const builder = new GraphBuilder();
  const y = builder.node("clip", "y", { lo: 0, hi: 6 }, [builder.input("x", [1, 4, 4, 8])]);
  const graph = builder.build({ name: "small" }, [y]);
  const folder = await Deno.makeTempDir();
  try {
    assert(await measureBare() > 0);
    const files = {
      "model.program": await compileModel(graph),
      "model.safetensors": writeSafetensors(graph),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, bytes);
      const { wall, first, steady } = await measureStart(path);
      assert(wall > first, `${name}: the whole process ${wall} ms, the first inference ${first} ms`);
      assert(first > steady && steady > 0, `${name}: first ${first} ms, later ${steady} ms`);
    }
    await assertRejects(() => measureStart(`${folder}/missing.program`), Error, "missing.program");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
