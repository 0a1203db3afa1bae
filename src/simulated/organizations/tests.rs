//! Where IAM says no, and the emulated AWS does not.
