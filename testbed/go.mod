module fathom/testbed

go 1.21
