package workload

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SizeClass is a share of the bodies: those from Min to Max bytes, uniformly distributed.
type SizeClass struct {
	Min, Max int
	Weight   float64
}

// Sizes say how large bodies are.
type Sizes []SizeClass

// ParseSizes parses how large bodies are:
//
//	sizes = class *("," class)
//	class = size [".." size] [":" weight]
//
// 4KiB is always that size, 100..4k any size between the two, and 128:80,4k:15,64k:5 are eighty of
// a hundred with 128 bytes, and so on.
func ParseSizes(s string) (Sizes, error) { return parseClasses(s, ParseBytes) }

// parseClasses reads numbers, each as parse does, in the grammar of sizes.
func parseClasses(s string, parse func(string) (int, error)) (out Sizes, err error) {
	err = weighted(s, func(value string, weight float64) error {
		from, to, ranged := strings.Cut(value, "..")
		c := SizeClass{Weight: weight}
		var err error
		if c.Min, err = parse(from); err != nil {
			return err
		}
		c.Max = c.Min
		if ranged {
			if c.Max, err = parse(to); err != nil {
				return err
			}
		}
		if c.Max < c.Min {
			return fmt.Errorf("%s goes down: write the smaller one first", value)
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// FixedSize returns the sizes of bodies that all have the same size.
func FixedSize(n int) Sizes { return Sizes{{Min: n, Max: n, Weight: 1}} }

// String writes the sizes as ParseSizes reads them.
func (s Sizes) String() string {
	parts := make([]string, len(s))
	for i, c := range s {
		parts[i] = strconv.Itoa(c.Min)
		if c.Max != c.Min {
			parts[i] += ".." + strconv.Itoa(c.Max)
		}
		if len(s) > 1 {
			parts[i] += ":" + strconv.FormatFloat(c.Weight, 'f', -1, 64)
		}
	}
	return strings.Join(parts, ",")
}

// Fixed reports whether all bodies are of one size.
func (s Sizes) Fixed() bool { return s.Min() == s.Max() }

// Min returns the smallest size.
func (s Sizes) Min() int {
	n := math.MaxInt
	for _, c := range s {
		n = min(n, c.Min)
	}
	return n
}

// Max returns the largest size.
func (s Sizes) Max() int {
	n := 0
	for _, c := range s {
		n = max(n, c.Max)
	}
	return n
}

// Mean returns the average size.
func (s Sizes) Mean() float64 {
	sum, weight := 0.0, 0.0
	for _, c := range s {
		sum += c.Weight * float64(c.Min+c.Max) / 2
		weight += c.Weight
	}
	return sum / weight
}

// spread returns n sizes, by class. Each class has its share and so has each part of a range,
// without randomness, so that two runs are comparable. Each class has at least one.
func (s Sizes) spread(n int) [][]int {
	out := make([][]int, len(s))
	counts := apportion(n, len(s), func(i int) float64 { return s[i].Weight })
	for i, c := range s {
		k := max(1, counts[i])
		for j := range k {
			at := (float64(j) + 0.5) / float64(k)
			out[i] = append(out[i], c.Min+int(at*float64(c.Max-c.Min)+0.5))
		}
	}
	return out
}

// apportion divides n into integers proportional to the given weights that add up to n (largest
// remainder method).
func apportion(n, parts int, weight func(int) float64) []int {
	total := 0.0
	for i := range parts {
		total += weight(i)
	}
	out := make([]int, parts)
	rest := make([]float64, parts)
	left := n
	for i := range parts {
		exact := float64(n) * weight(i) / total
		out[i] = int(exact)
		rest[i] = exact - float64(out[i])
		left -= out[i]
	}
	for ; left > 0; left-- {
		most := 0
		for i := range rest {
			if rest[i] > rest[most] {
				most = i
			}
		}
		out[most]++
		rest[most] = -1
	}
	return out
}
