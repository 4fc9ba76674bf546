//! What a Go runtime prints or exports besides profiles.
