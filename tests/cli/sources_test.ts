import { assertEquals, assertRejects } from "@std/assert";
import { ImageError } from "../../src/errors.ts";
import { baseName, expandSources, MAX_FILE_BYTES } from "../../src/cli/sources.ts";

/** A folder of empty files, and paths below it as the tests name them. */
async function makeFolder(files: readonly string[]): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  for (const file of files) {
    await Deno.mkdir(`${path}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${path}/${file}`, file);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("a folder gives its pictures, sorted, hidden and nested ones left out", async () => {
  await using folder = await makeFolder(["b.PNG", "a.jpeg", "notes.txt", ".hidden.jpg", "deep/c.webp"]);
  const sources = await expandSources([folder.path]);
  assertEquals(sources.map(({ name }) => name), [`${folder.path}/a.jpeg`, `${folder.path}/b.PNG`]);
  assertEquals(new TextDecoder().decode(await sources[0].read()), "a.jpeg");
});

Deno.test({
  name: "a pipe in a folder is no picture: nobody may ever write into it",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await makeFolder(["a.jpg"]);
    await new Deno.Command("mkfifo", { args: [`${folder.path}/b.jpg`] }).output();
    await Deno.symlink("a.jpg", `${folder.path}/c.jpg`);
    const names = (await expandSources([folder.path])).map(({ name }) => name);
    assertEquals(names, [`${folder.path}/a.jpg`, `${folder.path}/c.jpg`]);
  },
});

Deno.test("a glob gives the pictures that match", async () => {
  await using folder = await makeFolder([
    "1.jpg",
    "2.jpg",
    "12.jpg",
    "1.txt",
    "x/3.jpg",
    "x/y/4.png",
    "x[1].jpg",
  ]);
  const names = async (glob: string) =>
    (await expandSources([`${folder.path}/${glob}`])).map(({ name }) => name.slice(folder.path.length + 1));
  assertEquals(await names("?.jpg"), ["1.jpg", "2.jpg"]);
  assertEquals(await names("1*"), ["1.jpg", "12.jpg"]);
  assertEquals(await names("*/*.jpg"), ["x/3.jpg"]);
  assertEquals(await names("**/*.{jpg,png}"), [
    "1.jpg",
    "12.jpg",
    "2.jpg",
    "x/3.jpg",
    "x/y/4.png",
    "x[1].jpg",
  ]);
  assertEquals(await names("x[1].jpg"), ["x[1].jpg"]);
});

Deno.test("a glob is relative to the working folder, as its results are", async () => {
  const sources = await expandSources(["tests/fixtures/../cli/*.nothing", "./nowhere/*.jpg"]);
  for (const { read } of sources) await assertRejects(read);
  assertEquals(sources.map(({ name }) => name), ["tests/fixtures/../cli/*.nothing", "./nowhere/*.jpg"]);
});

Deno.test("what does not exist fails when read, and the others do not", async () => {
  await using folder = await makeFolder(["a.jpg", "empty/notes.txt"]);
  const [none, empty, nomatch, a] = await expandSources(
    ["none.jpg", "empty", "*.png", "a.jpg"].map((name) => `${folder.path}/${name}`),
  );
  await assertRejects(() => none.read(), ImageError, "no such file");
  await assertRejects(
    () => empty.read(),
    ImageError,
    "no pictures (.jpg, .jpeg, .png, .webp) in this folder",
  );
  await assertRejects(() => nomatch.read(), ImageError, "no pictures (.jpg, .jpeg, .png, .webp) match");
  assertEquals(new TextDecoder().decode(await a.read()), "a.jpg");
});

Deno.test("a file over the limit is refused before it is read", async () => {
  await using folder = await makeFolder(["huge.jpg"]);
  await Deno.truncate(`${folder.path}/huge.jpg`, MAX_FILE_BYTES + 1); // sparse
  const [huge] = await expandSources([`${folder.path}/huge.jpg`]);
  const error = await assertRejects(() => huge.read(), ImageError, "larger than the limit of 256 MB");
  assertEquals(error.code, "image_too_large");
});

Deno.test("URLs: redirects are followed, refusals and endless bodies fail", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/photo.jpg") return new Response("pixels");
    if (pathname === "/moved.jpg") return Response.redirect(new URL("/photo.jpg", url));
    if (pathname === "/endless.jpg") {
      const chunk = new Uint8Array(1 << 20);
      return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
    }
    if (pathname === "/nothing.jpg") return new Response(null, { status: 204 });
    return new Response("no", { status: 404 });
  });
  const sources = await expandSources(
    ["photo", "moved", "nothing", "endless", "gone"].map((name) =>
      `http://127.0.0.1:${server.addr.port}/${name}.jpg`
    ),
  );
  const [photo, moved, nothing, endless, gone] = sources;
  assertEquals(new TextDecoder().decode(await photo.read()), "pixels");
  assertEquals(new TextDecoder().decode(await moved.read()), "pixels");
  assertEquals(await nothing.read(), new Uint8Array());
  await assertRejects(() => endless.read(), ImageError, "larger than the limit of 64 MB");
  await assertRejects(() => gone.read(), ImageError, "the server answered 404 Not Found");
});

Deno.test("baseName drops folders, queries and fragments of URLs, and nothing else", () => {
  assertEquals(baseName("photos/street.jpg"), "street.jpg");
  assertEquals(baseName("what?#.jpg"), "what?#.jpg");
  assertEquals(baseName("https://example.com/a/street.jpg?size=2/3#x"), "street.jpg");
  assertEquals(baseName("https://example.com"), "photo");
});
