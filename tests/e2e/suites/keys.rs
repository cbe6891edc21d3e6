//! Signing keys: replaced while two Envoys serve requests, and refused.

mod load;
mod rotation;
mod scene;
