package workload

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Class is a share of a [Mix]: the numbers from Min to Max, uniformly distributed.
type Class struct {
	Min, Max int
	Weight   float64
}

// Mix is numbers and how often each occurs: the sizes of bodies, the priorities of messages.
type Mix []Class

// The grammar of mixes:
//
//	mix   = class *("," class)
//	class = number [".." number] [":" weight]
//
// 4KiB is always that size, 100..4k any size between the two, and 128:80,4k:15,64k:5 are eighty of
// a hundred with 128 bytes, and so on.
var (
	ParseSizes        = mixes(Within("BYTES", 0, MaxSize))
	ParseHeaderSizes  = mixes(Within("BYTES", 0, MaxHeaderSize))
	ParseHeaderCounts = mixes(Within("N", 0, MaxHeaders))
	ParsePriorities   = mixes(Within("PRIORITY", 0, 9))
)

func mixes(parse func(string) (int, error)) func(string) (Mix, error) {
	return func(s string) (out Mix, err error) {
		err = items(s, func(value, weight string, weighted bool) (err error) {
			c := Class{Weight: 1}
			if c.Min, c.Max, err = ends(value, parse); err != nil {
				return err
			}
			if c.Max < c.Min {
				return fmt.Errorf("%.64s goes down: write the smaller one first", value)
			}
			if weighted {
				if c.Weight, err = Within("WEIGHT", 1e-9, 1e9)(weight); err != nil {
					return fmt.Errorf("the weight after the colon: %w", err)
				}
			}
			out = append(out, c)
			return nil
		})
		return out, err
	}
}

// Fixed returns the mix of one number.
func Fixed(n int) Mix { return Mix{{Min: n, Max: n, Weight: 1}} }

// String writes the mix as ParseSizes reads it.
func (m Mix) String() string {
	parts := make([]string, len(m))
	for i, c := range m {
		parts[i] = span(float64(c.Min), float64(c.Max))
		if len(m) > 1 {
			parts[i] += ":" + plain(c.Weight)
		}
	}
	return strings.Join(parts, ",")
}

// Fixed reports whether all numbers are the same.
func (m Mix) Fixed() bool { return m.Min() == m.Max() }

// Min returns the smallest number.
func (m Mix) Min() int {
	n := math.MaxInt
	for _, c := range m {
		n = min(n, c.Min)
	}
	return n
}

// Max returns the largest number; 0 if there is none.
func (m Mix) Max() (n int) {
	for _, c := range m {
		n = max(n, c.Max)
	}
	return n
}

// Mean returns the average; 0 if there is none.
func (m Mix) Mean() float64 {
	sum, weight := 0.0, 0.0
	for _, c := range m {
		sum += c.Weight * float64(c.Min+c.Max) / 2
		weight += c.Weight
	}
	return sum / max(weight, math.SmallestNonzeroFloat64)
}

// spread returns about n numbers, by class. Each class has its share, but at least one, and so has
// each part of a range, without randomness, so that two runs are comparable. The shares are those
// of the running sum of the weights, rounded.
func (m Mix) spread(n int) [][]int {
	out := make([][]int, len(m))
	before, sum, total := 0, 0.0, 0.0
	for _, c := range m {
		total += c.Weight
	}
	for i, c := range m {
		sum += c.Weight
		until := int(float64(n)*sum/total + 0.5)
		out[i] = make([]int, max(1, until-before))
		before = until
		for j := range out[i] {
			at := (float64(j) + 0.5) / float64(len(out[i]))
			out[i][j] = c.Min + int(at*float64(c.Max-c.Min)+0.5)
		}
	}
	return out
}

// shuffled returns about n numbers as spread does, in random order.
func (m Mix) shuffled(n int, random *rand.Rand) []int {
	out := slices.Concat(m.spread(n)...)
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
