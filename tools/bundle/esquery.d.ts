// The one function of esquery that the check uses; the package ships no types.

declare module "esquery" {
  import type { Node } from "acorn";
  const esquery: { query(root: Node, selector: string): Node[] };
  export default esquery;
}
