//! The columnar pprof profile: formats, merge, diff, sampling intervals.
