// The port is the first example; its Python original belongs to the blog.
import "../../../examples/blog.ts";
