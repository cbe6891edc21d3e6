//! What end-to-end suites share.
