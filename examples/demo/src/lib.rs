//! Parts of the demo.
