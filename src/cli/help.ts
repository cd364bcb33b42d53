/**
 * What `--help` prints, a page a program.
 *
 * @module
 */

const SOURCES = `Sources
  photo.jpg            a JPEG, PNG or WebP file
  photos/              every picture directly in a folder
  'photos/**/*.jpg'    a glob, quoted or not
  https://...          a picture on the web (needs --allow-net)
  -                    a picture on standard input
`;

const MODEL =
  `      --preset NAME    pre- and postprocessing, for files that do not say: imagenet, yolox, or a network's name
      --labels FILE    names of the classes, one a line
      --weights FILE   weights, for formats that keep them apart (default: beside the file)
      --size SIZE      the network's input, 320 or width x height such as 640x480, for files that leave it open
`;

const MEMORY =
  `      --max-memory MIB most memory that the model may need (default 1024); small files can ask for gigabytes
`;

const OTHERS = `      --threads N      1 to 16, or auto: the cores, at most 4 (default auto)
${MEMORY}`;

const ANSWERS = `      --list-models    print the models
      --version        print the version
  -h, --help           print this page

Exit status: 0 all done, 1 a source failed (the others are still done), 2 wrong usage.
`;

/** The usage page of `detect.ts`. */
export const DETECT_HELP = `Finds objects in photos.

Usage: deno run --allow-read detect.ts [flags] SOURCE...

${SOURCES}
What to find
  -m, --model MODEL    a model's name (--list-models) or file: .safetensors, .cfg, .onnx, model.json, ...
${MODEL}      --conf SCORE     least score that counts, 0 to 1 (default 0.5)
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
${OTHERS}      --demo           when no source is given, detect on the bundled samples and save the pictures
${ANSWERS}`;

/** The usage page of `classify.ts`. */
export const CLASSIFY_HELP = `Says what photos show.

Usage: deno run --allow-read classify.ts --model MODEL [flags] SOURCE...

${SOURCES}
What to look with
  -m, --model MODEL    a model's file: .safetensors, .pth, .onnx, .cfg, model.json, ... or name
${MODEL}      --top N          how many classes to name (default 5)

What to print
      --format FORMAT  text (default), json, jsonl, csv, coco or yolo, on standard output
      --profile        print the time of every layer
  -q, --quiet          print results and errors only

Others
${OTHERS}${ANSWERS}`;

/** The usage page of `convert.ts`. */
export const CONVERT_HELP =
  `Converts a model into one file of ours, which needs nothing else: graph, weights, labels, pre- and postprocessing.

Usage: deno run --allow-read --allow-write convert.ts MODEL -o OUT.safetensors [flags]

What to convert
  MODEL                a file: .onnx, .pth, .cfg, .prototxt, model.json, .safetensors; its address; or a model's name
${MODEL}      --name NAME      what the model calls itself (default: the file's name)

What to write
  -o, --output FILE    the file, ending in .safetensors
      --f16            store the weights of convolutions as f16: half the size
      --compiled       write a compiled program, which starts at once: packed weights, memory plan and commands, for this
                       machine's processor and this release alone; the file ends in .program
      --threads N      with --compiled: threads that it will run on (default: 1)
  -q, --quiet          print no table of layers

Others
${MEMORY}      --version        print the version
  -h, --help           print this page

Exit status: 0 converted and verified, 1 failed, 2 wrong usage.
`;

/** The usage page of `info.ts`. */
export const INFO_HELP =
  `Tells what a model takes and what the compiler makes of it, without running it: memory, what was joined, kernels.

Usage: deno run --allow-read info.ts MODEL [flags]

What to look at
  MODEL                the name of a network (--list-models), which needs no weights; or a model's file or address
${MODEL}      --threads N      threads to compile for, 1 to 16 (default 1)
      --arch ARCH      processor to compile for: x86-64 or aarch64 (default: this one)

What to print
      --log            every change to the graph, why expansions stay apart from their filters, and every layer's kernel
                       with the reason, a line each

Others
      --list-models    print the models
      --version        print the version
  -h, --help           print this page

Exit status: 0 done, 1 failed, 2 wrong usage.
`;
