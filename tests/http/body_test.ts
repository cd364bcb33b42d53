import { assertEquals, assertRejects } from "@std/assert";
import { readPhoto } from "../../src/http/body.ts";
import { HttpError } from "../../src/http/http_error.ts";

const LIMITS = { maxBytes: 1000, timeout: 1000 };
const PHOTO = new Uint8Array([1, 2, 3]);

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/v1/detect", { method: "POST", body, headers });
}

async function refused(request: Request, limits = LIMITS): Promise<[number, string]> {
  const { status, code } = await assertRejects(() => readPhoto(request, limits), HttpError);
  return [status, code];
}

Deno.test("readPhoto takes pictures and octets as they are", async () => {
  for (const type of ["image/jpeg", "IMAGE/PNG", "application/octet-stream; x=y"]) {
    assertEquals(await readPhoto(post(PHOTO, { "content-type": type }), LIMITS), PHOTO);
  }
});

Deno.test("readPhoto takes a form's image or file", async () => {
  for (const field of ["image", "file"]) {
    const form = new FormData();
    form.set("note", "text");
    form.set(field, new File([PHOTO], "photo.jpg", { type: "image/jpeg" }));
    assertEquals(await readPhoto(post(form), LIMITS), PHOTO);
  }
});

Deno.test("readPhoto refuses forms without a photo and broken forms", async () => {
  const form = new FormData();
  form.set("image", "photo.jpg");
  assertEquals(await refused(post(form)), [400, "missing_photo"]);
  const broken = { "content-type": "multipart/form-data; boundary=x" };
  assertEquals(await refused(post("no form at all", broken)), [400, "bad_form"]);
  assertEquals(await refused(post("--x", { "content-type": "multipart/form-data" })), [400, "bad_form"]);
});

Deno.test("readPhoto refuses other types and packed bodies", async () => {
  assertEquals(await refused(post("{}", { "content-type": "application/json" })), [415, "unsupported_type"]);
  assertEquals(await refused(post(PHOTO)), [415, "unsupported_type"]);
  const packed = { "content-type": "image/jpeg", "content-encoding": "gzip" };
  assertEquals(await refused(post(PHOTO, packed)), [415, "unsupported_encoding"]);
});

Deno.test("readPhoto calls a body that breaks off the client's fault", async () => {
  const body = new ReadableStream({
    start(controller): void {
      controller.enqueue(PHOTO);
      controller.error(new TypeError("connection reset"));
    },
  });
  assertEquals(await refused(post(body, { "content-type": "image/jpeg" })), [400, "bad_body"]);
});

Deno.test("readPhoto stops at the limit, also where no length is announced", async () => {
  const headers = { "content-type": "image/jpeg" };
  assertEquals((await readPhoto(post(new Uint8Array(1000), headers), LIMITS)).length, 1000);
  assertEquals(await refused(post(new Uint8Array(1001), headers)), [413, "body_too_large"]);
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(100));
    },
  });
  assertEquals(await refused(post(endless, headers)), [413, "body_too_large"]);
  assertEquals(pulled < 20, true);
});

Deno.test("readPhoto gives up on a body that does not end", async () => {
  const stalled = new ReadableStream({ start: (controller) => controller.enqueue(PHOTO) });
  const request = post(stalled, { "content-type": "image/jpeg" });
  assertEquals(await refused(request, { ...LIMITS, timeout: 20 }), [408, "body_timeout"]);
});
