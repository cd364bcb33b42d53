/**
 * What `detect.ts --help` prints.
 *
 * @module
 */

/** The usage page. */
export const HELP = `Finds objects in photos.

Usage: deno run --allow-read detect.ts [flags] SOURCE...

Sources
  photo.jpg            a JPEG, PNG or WebP file
  photos/              every picture directly in a folder
  'photos/**/*.jpg'    a glob, quoted or not
  https://...          a picture on the web (needs --allow-net)
  -                    a picture on standard input

What to find
  -m, --model NAME     a model's name or a .safetensors file (--list-models prints the names)
      --conf SCORE     least score that counts, 0 to 1 (default 0.5)
      --iou OVERLAP    overlap from which the weaker of two boxes is dropped, 0 to 1 (default: the model's)
      --max-det N      most boxes a photo (default: the model's)
      --classes LIST   only these classes, names or ids: person,dog or 0,16
      --agnostic-nms   boxes of different classes suppress one another too

What to print and save
      --format FORMAT  text (default), json, jsonl, csv, coco or yolo, on standard output
      --save [DIR]     write annotated pictures (default folder runs/detect; needs --allow-write)
      --profile        print the time of every layer
  -q, --quiet          print results and errors only

Others
      --threads N      1 to 16, or auto: the cores, at most 4 (default auto)
      --demo           when no source is given, detect on the bundled samples and save the pictures
      --list-models    print the models
      --version        print the version
  -h, --help           print this page

Exit status: 0 all done, 1 a source failed (the others are still done), 2 wrong usage.
`;
