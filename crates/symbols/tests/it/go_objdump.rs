//! Go's syntax against `go tool objdump`, instruction by instruction.

use fathom_symbols::disassembly::Architecture;

use crate::objdump::{compare, go_1_27};
use crate::program::Program;

/// Uses what the compiler has instructions for: floats, atomics, bits, division, generics, maps.
const MAIN: &str = r#"
package main

import (
	"fmt"
	"math"
	"math/bits"
	"sort"
	"strings"
	"sync/atomic"
)

var counter atomic.Int64
var table = map[string]float64{"a": 1, "b": 2}

type number interface{ ~int | ~float64 }

func sum[T number](values []T) (total T) {
	for _, value := range values {
		total += value
	}
	return total
}

func work(a, b uint64, f float64) (uint64, float64) {
	counter.Add(int64(a))
	high, low := bits.Mul64(a, b)
	quotient, rest := bits.Div64(high%b, low, b)
	f = math.Sqrt(math.FMA(f, f, float64(quotient)))
	return bits.RotateLeft64(rest, 7) ^ uint64(bits.OnesCount64(low)) ^ uint64(bits.TrailingZeros64(high)), math.Floor(f)
}

func main() {
	x, y := work(12345, 678, 1.5)
	fmt.Println(x, y, sum([]int{1, 2, 3}), sum([]float64{1, 2, 3}), table["a"])
	words := strings.Fields("to be or not to be")
	sort.Strings(words)
	fmt.Println(words)
}
"#;

#[test]
fn a_program_is_as_go_tool_objdump_prints_it() {
    let program = Program::build(&[("main.go", MAIN)], "amd64");
    let comparison = compare(&program.path(), Architecture::Amd64);
    assert!(comparison.instructions > 100_000);
    assert!(comparison.ambiguous < 100, "{}", comparison.describe());
    assert_eq!(comparison.different, 0, "{}", comparison.describe());
}

#[test]
fn a_program_for_arm64_is_as_go_tool_objdump_prints_it() {
    let program = Program::build(&[("main.go", MAIN)], "arm64");
    let comparison = compare(&program.path(), Architecture::Arm64);
    assert!(comparison.instructions > 100_000);
    assert_eq!(comparison.different, 0, "{}", comparison.describe());
}

#[test]
fn the_go_command_is_as_go_tool_objdump_prints_it() {
    let comparison = compare(&go_1_27().go(), Architecture::Amd64);
    assert!(comparison.instructions > 1_500_000);
    assert!(
        comparison.different * 1000 <= comparison.instructions,
        "{}",
        comparison.describe()
    );
}

#[test]
#[ignore = "takes long: three million instructions"]
fn the_compiler_is_as_go_tool_objdump_prints_it() {
    let go = go_1_27().go();
    let root = go.parent().and_then(|bin| bin.parent()).expect("a root");
    let compiler = root.join("pkg/tool/linux_amd64/compile");
    let comparison = compare(&compiler, Architecture::Amd64);
    assert!(comparison.instructions > 2_000_000);
    assert!(
        comparison.different * 1000 <= comparison.instructions,
        "{}",
        comparison.describe()
    );
}
