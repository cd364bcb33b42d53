/**
 * A graph as text.
 *
 * @module
 */

import { formatShape } from "../tensor.ts";
import { check, type Graph, macsOf } from "./graph.ts";

/** One line a node: name, operator, attributes, input shapes -> output shape, MACs. */
export function dump(graph: Graph): string {
  const shapes = check(graph);
  const lines = graph.nodes.map((node) => {
    const inputs = node.inputs.map((name) => formatShape(shapes.get(name)!)).join(", ");
    const macs = macsOf(node, shapes);
    const cost = macs > 0 ? `  ${(macs / 1e6).toFixed(2)} MMAC` : "";
    return `${node.name}  ${node.op} ${JSON.stringify(node.attrs)}  ${inputs} -> ${
      formatShape(shapes.get(node.name)!)
    }${cost}`;
  });
  const total = graph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0);
  const ports = [
    ...graph.inputs.map(({ name, shape }) => `input ${name} ${formatShape(shape)}`),
    ...graph.outputs.map((name) => `output ${name} ${formatShape(shapes.get(name)!)}`),
  ];
  return [...ports, ...lines, `${graph.nodes.length} nodes, ${(total / 1e6).toFixed(1)} MMAC`].join("\n");
}
