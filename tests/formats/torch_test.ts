import { assert, assertEquals, assertThrows } from "@std/assert";
import { ModelError, SimdetError } from "../../src/errors.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { readStateDict } from "../../src/formats/torch.ts";
import type { StateDict } from "../../src/formats/state_dict.ts";
import { mutate } from "../support/mutate.ts";
import { archive, dict, floats, integer, pickle, tensor, text } from "../support/pickle.ts";
import { Random, seedOf } from "../support/random.ts";

const fixture = (name: string) => Deno.readFileSync(new URL(`../fixtures/torch/${name}`, import.meta.url));

/** Tensors without what BatchNorm counts, which only PyTorch's own files hold. */
const plain = (state: StateDict) =>
  new Map([...state].filter(([key]) => !key.endsWith("num_batches_tracked")).toSorted());

const WEIGHT = tensor("0", 6, [2, 3], [3, 1]);
const VALUES = floats(1, 2, 3, 4, 5, 6);
const read = (pickled: Uint8Array) => readStateDict(archive(pickled, { 0: VALUES }));
const wants = (bytes: Uint8Array, message: string) =>
  assertThrows(() => readStateDict(bytes), ModelError, message);

Deno.test("both layouts and a checkpoint of DataParallel hold the tensors that safetensors hold", () => {
  const wanted = plain(parseSafetensors(fixture("state_dict.safetensors")).tensors);
  assertEquals(wanted.size, 16);
  for (const name of ["state_dict_zip.pth", "state_dict_legacy.pth", "checkpoint_module_prefix.pth"]) {
    assertEquals(plain(readStateDict(fixture(name))), wanted, name);
  }
});

Deno.test("views, shared storages and all types become dense f32", () => {
  const { tensors } = parseSafetensors(fixture("mixed_dtypes_views.expected.safetensors"));
  assert(tensors.size > 8);
  // The script that wrote what is expected made a vector of the scalar.
  const wanted = new Map(
    [...tensors, ["g_scalar", { ...tensors.get("g_scalar")!, shape: [] }] as const].toSorted(),
  );
  for (const name of ["mixed_dtypes_views.pth", "mixed_dtypes_views_legacy.pth"]) {
    assertEquals(new Map([...readStateDict(fixture(name))].toSorted()), wanted, name);
  }
});

Deno.test("weights are found in the wrappers of training loops, beside what these leave", () => {
  const namespace = pickle("cargparse\nNamespace\n)", 0x81, "}", text("lr"), "K", 1, "sb");
  const ordered = pickle("ccollections\nOrderedDict\n)R(", text("module.w"), WEIGHT, "u");
  const bare = pickle("}", text("w"), WEIGHT, "s");
  const optimizer = pickle("}", text("state"), "}K", 0, "}", text("momentum_buffer"), WEIGHT, "sss");
  const cases: Record<string, Uint8Array>[] = [
    { w: WEIGHT },
    { state_dict: bare },
    { epoch: pickle("K", 7), args: namespace, optimizer, state_dict: ordered },
    { model: bare, ema: pickle("N") },
    { ema: bare },
    { model: pickle("}", text("state_dict"), ordered, "s") },
  ];
  for (const entries of cases) {
    const state = read(dict(entries));
    assertEquals([...state.keys()], ["w"], Object.keys(entries).join());
    assertEquals(state.get("w"), { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  }
  assertThrows(() => read(dict({ epoch: pickle("K", 7) })), ModelError, "holds no tensors by name");
});

Deno.test("every global outside of the list is refused by its name, called or not", () => {
  const hostile = [
    "os\nsystem",
    "posix\nsystem",
    "nt\nsystem",
    "subprocess\nPopen",
    "builtins\neval",
    "__builtin__\nexec",
    "builtins\ngetattr",
    "builtins\n__import__",
    "torch.storage\n_load_from_bytes",
    "torch\nload",
    "torch.nn.modules.conv\nConv2d",
    "torch._utils\n_rebuild_sparse_tensor",
    "collections\nOrderedDict.update",
    "torch\nconstructor",
    "__torch__.M\nM",
  ];
  for (const name of hostile) {
    const [module, symbol] = name.split("\n"), quoted = `"${module}.${symbol}", which is not allowed`;
    wants(archive(pickle(0x80, 2, "c", name, "\n", text("id"), 0x85, "R.")), quoted);
    wants(archive(pickle(0x80, 4, text(module), text(symbol), 0x93, ".")), quoted);
    wants(archive(dict({ w: WEIGHT, x: pickle("c", name, "\n)", 0x81) }), { 0: VALUES }), quoted);
  }
  wants(archive(pickle(0x80, 2, "c__torch__.M\nM\n.")), "TorchScript");
  for (const opcode of ["i", "o", 0x82, 0x83, 0x84, 0x92, 0x97, 0x98, "\0", "\xff"]) {
    wants(archive(pickle(0x80, 2, "(", opcode, "os\nsystem\n.")), "is not allowed in a state dict");
  }
});

Deno.test("what is on the list makes data of ours only, whatever it is called with", () => {
  const ordered = "ccollections\nOrderedDict\n", rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
  const cases: [Uint8Array, string][] = [
    [pickle(ordered, "K", 1, "R."), "arguments are no tuple"],
    [pickle(ordered, "K", 1, 0x85, "R."), "no list of pairs"],
    [pickle(rebuild, ")R."), "its first argument is no storage"],
    [pickle(text("f"), ")R."), "it calls what is no function"],
    [pickle("}", ")R."), "it calls what is no function"],
    [pickle("ctorch\nFloatStorage\n)R."), "a storage is not made by a call"],
    [pickle(rebuild, "}b."), "sets attributes of what has none"],
    [pickle(text("k"), "Q."), "a persistent id is no storage"],
    [pickle("(", text("storage"), text("c"), text("0"), text("cpu"), "K", 1, "tQ."), "is no storage"],
    [
      pickle(
        "(",
        text("storage"),
        "ctorch\nFloatStorage\n",
        text("0"),
        text("cpu"),
        "J",
        integer(2 ** 32 - 1, 4),
        "tQ.",
      ),
      "no number of values",
    ],
  ];
  for (const [pickled, message] of cases) wants(archive(pickled), message);
  const own = read(dict({ __proto__: pickle("}"), "w": WEIGHT, constructor: WEIGHT }));
  assertEquals([...own.keys()].toSorted(), ["constructor", "w"]);
});

Deno.test("pickles that lie about lengths or end early", () => {
  const cases: [Uint8Array, string][] = [
    [pickle("X", integer(2 ** 32 - 1, 4), "ab."), "it wants 4294967295 bytes, 3 are left"],
    [pickle(0x8d, integer(2n ** 63n, 8), "ab."), "are left"],
    [pickle(0x8e, integer(2n ** 40n, 8), "ab."), "it wants 1099511627776 bytes"],
    [pickle("B", integer(2 ** 31, 4), "."), "it wants 2147483648 bytes"],
    [pickle(0x8b, integer(2 ** 30, 4), "."), "an integer has 1073741824 bytes, wanted at most 16"],
    [pickle(0x8b, integer(2 ** 32 - 1, 4), "."), "an integer has -1 bytes"],
    [pickle(`I${"9".repeat(400)}\n.`), "is no integer"],
    [pickle("h", 3, "."), "nothing is remembered as 3"],
    [pickle("u."), "no mark lies on the stack"],
    [pickle("t."), "no mark lies on the stack"],
    [pickle("(."), "a mark lies on the stack"],
    [pickle("."), "the stack is empty"],
    [pickle("q", 0, "."), "no value lies on the stack"],
    [pickle("}K", 1, "a."), "it wants a list"],
    [pickle("](K", 1, "K", 2, "u."), "it wants a dictionary"],
    [pickle("}(K", 1, "u."), "it has 1 keys and values"],
    [pickle(0x80, 9, "."), "protocol 9"],
    [pickle("cos"), "its line has no end"],
    [pickle("N"), "it wants 1 bytes, 0 are left"],
    [new Uint8Array(), "it wants 1 bytes"],
  ];
  for (const [pickled, message] of cases) wants(archive(pickled), message);
});

Deno.test("bombs take neither time nor memory", () => {
  const start = performance.now();
  // Nesting, which only a recursive reader minds.
  const depth = 200_000;
  wants(archive(pickle("]".repeat(depth), "a".repeat(depth - 1), ".")), "holds no tensors");
  wants(archive(pickle("N", "\x85".repeat(depth), ".")), "holds no tensors");
  // A list that holds itself, a checkpoint in a checkpoint without end.
  wants(archive(pickle("]q\0h\0a.")), "holds no tensors");
  wants(archive(pickle("}q\0", text("model"), "h\0s.")), "holds no tensors");
  // Ten references to each list before: 10^60 items for whoever copies them.
  const doubled = Array.from(
    { length: 60 },
    (_, i) => pickle("](", ..."h".repeat(10).split("").flatMap(() => ["h", i]), "eq", i + 1),
  );
  wants(archive(pickle("]q\0", ...doubled, ".")), "holds no tensors");
  // A long list copied by call after call.
  const pairs = pickle("](", ..."K".repeat(2000).split("").flatMap(() => ["K", 1, "K", 2, "\x86"]), "eq\0");
  const copies = Array.from({ length: 5000 }, () => pickle("ccollections\nOrderedDict\nh\0", 0x85, "R"));
  wants(archive(pickle(pairs, ...copies, ".")), "hold more items than the pickle has bytes");
  wants(archive(pickle(new Uint8Array(2 ** 22 + 2).fill(0x4e))), "the pickle is longer than");
  // Many views of one storage.
  const views = Object.fromEntries(
    Array.from({ length: 2000 }, (_, i) => [`w${i}`, tensor("0", 10_000, [100, 100], [100, 1])]),
  );
  wants(archive(dict(views), { 0: new Uint8Array(40_000) }, { level: 9 }), "too many for a file");
  wants(
    archive(dict({ w: tensor("0", 1, [2 ** 14, 2 ** 14], [0, 0]) }), { 0: VALUES }),
    "too many for a file",
  );
  // Seconds on a busy machine; what is guarded against takes hours.
  assert(performance.now() - start < 60_000);
});

Deno.test("tensors that look beyond their storages", () => {
  const of = (...args: Parameters<typeof tensor>) => archive(dict({ w: tensor(...args) }), { 0: VALUES });
  wants(of("0", 6, [2, 4], [4, 1]), 'reaches value 7 of storage "0", which holds 6');
  wants(of("0", 6, [2, 3], [3, 1], 1), "reaches value 6");
  wants(of("0", 6, [2], [-3]), "wanted as many strides as extents");
  wants(of("0", 6, [2, 3], [3]), "wanted as many strides as extents");
  wants(of("0", 6, [2 ** 30, 2 ** 30], [0, 0]), "wanted as many strides as extents");
  wants(of("0", 7, [7], [1]), 'storage "0" of 7 float32 has 24 bytes, wanted 28');
  wants(of("1", 6, [6], [1]), 'storage "1" of 6 float32 has 0 bytes');
  wants(of("../byteorder", 1, [1], [1]), "has 0 bytes");
});

Deno.test("archives that are cut, changed or made to deceive", () => {
  const good = archive(dict({ w: WEIGHT }), { 0: VALUES });
  assertEquals(readStateDict(good).size, 1);
  assertEquals(readStateDict(archive(dict({ w: WEIGHT }), { 0: VALUES }, { level: 9 })), readStateDict(good));
  wants(good.subarray(0, good.length - 30), "its directory is missing");
  wants(archive(dict({ w: WEIGHT }), { 0: VALUES }, { byteorder: "big" }), 'byteorder is "big"');

  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = good.length - 22, directory = view(good).getUint32(end + 16, true);
  /** The directory entries of data.pkl, byteorder and data/0. */
  const [, , values] = [0, 1, 2].reduce<number[]>((ats) => {
    const at = ats.at(-1)!;
    return [...ats, at + 46 + view(good).getUint16(at + 28, true)];
  }, [directory]);
  const changed = (change: (bytes: Uint8Array, view: DataView) => void) => {
    const bytes = good.slice();
    change(bytes, view(bytes));
    return bytes;
  };
  const begin = view(good).getUint32(values + 42, true) + 30 + view(good).getUint16(values + 28, true);
  wants(changed((bytes) => bytes[begin + 3] ^= 0x40), 'the checksum of entry "a/data/0" is wrong');
  wants(changed((_, v) => v.setUint16(end + 10, 60000, true)), "its directory of 60000 entries");
  wants(changed((_, v) => v.setUint32(end + 16, 2 ** 31, true)), "the file has");
  wants(changed((_, v) => v.setUint32(values, 7, true)), "entry 2 of its directory is broken");
  wants(changed((_, v) => v.setUint16(values + 10, 12, true)), "packed by method 12");
  wants(changed((_, v) => v.setUint32(values + 24, 2 ** 31, true)), "of 24 bytes claims 2147483648");
  wants(changed((_, v) => v.setUint32(values + 24, 2 ** 32 - 1, true)), "of 24 bytes claims NaN");
  wants(changed((_, v) => v.setUint32(values + 42, 5, true)), "is not at byte 5");
  // Two storages in the same bytes, as archives do that unpack to far more than they are.
  const twice = archive(dict({ w: WEIGHT, v: tensor("1", 6, [6], [1]) }), { 0: VALUES, 1: VALUES });
  const entry = (bytes: Uint8Array, index: number) => {
    let at = view(bytes).getUint32(bytes.length - 6, true);
    for (; index > 0; index--) at += 46 + view(bytes).getUint16(at + 28, true);
    return at;
  };
  view(twice).setUint32(entry(twice, 3) + 42, view(twice).getUint32(entry(twice, 2) + 42, true), true);
  wants(twice, 'entries "a/data/0" and "a/data/1" share bytes');
  twice.set(twice.subarray(entry(twice, 2) + 46, entry(twice, 3)), entry(twice, 3) + 46);
  wants(twice, 'it holds "a/data/0" twice');
  // Zeros pack to a thousandth.
  const zeros = archive(dict({ w: tensor("0", 2 ** 18, [4], [1]) }), { 0: new Uint8Array(2 ** 20) }, {
    level: 9,
  });
  wants(zeros, "claims 1048576, wanted at most 64 times as many");
  view(zeros).setUint32(entry(zeros, 2) + 24, 2 ** 14, true);
  wants(zeros, "it unpacks to more than its 16384 bytes");
});

Deno.test("1,000 mutated files of each layout: a typed error or tensors within the file's means", () => {
  const seed = seedOf(77), random = new Random(seed);
  for (const name of ["state_dict_zip.pth", "state_dict_legacy.pth", "mixed_dtypes_views.pth"]) {
    const bytes = fixture(name);
    let legal = 0;
    for (let round = 0; round < 1000; round++) {
      const mutant = mutate(bytes, random, bytes.length);
      try {
        const values = [...readStateDict(mutant).values()].reduce((sum, { data }) => sum + data.length, 0);
        assert(values <= 16 * mutant.length);
        legal++;
      } catch (error) {
        assert(
          error instanceof SimdetError,
          `seed ${seed}, ${name}, round ${round}: ${(error as Error).stack}`,
        );
      }
    }
    assert(legal > 0 && legal < 1000);
  }
});
