package compare

import (
	"math"
	"slices"
)

// overTime returns the variance of the sum of a series of deviations whose neighbours may be alike,
// and its degrees of freedom. It takes the largest of three estimates, because each is too small in
// some cases: fading over single values and over sums of three, which reveal a slow change under
// noise, and the four slowest waves. Neither alone, nor a bootstrap of blocks of Politis and White's
// length, keeps the rate of false differences at 5 % in short series.
func overTime(d []float64) (variance, freedom float64) {
	variance, freedom = fading(d)
	if v, f := fading(threes(d)); v > variance {
		variance, freedom = v, f
	}
	if v := waves(d); v > variance {
		variance, freedom = v, slow
	}
	return variance, freedom
}

// fading takes the series for one whose memory fades evenly (an autoregression of the first order).
// In a short series, the correlation of neighbours is too small by a bias that is known (Kendall).
func fading(d []float64) (variance, freedom float64) {
	n, sum, next := float64(len(d)), squares(d), 0.0
	if sum == 0 {
		return 0, n - 1
	}
	for i := range d[1:] {
		next += d[i] * d[i+1]
	}
	alike := min(max((n*next/sum+1)/(n-3), 0), 0.97)
	// What the variance of a mean is times that of independent values.
	factor := (1+alike)/(1-alike) - 2*alike*(1-math.Pow(alike, n))/(n*(1-alike)*(1-alike))
	return n * factor * sum / max(1, n-factor), n/factor - 1
}

// slow is the number of waves that are slow.
const slow = 4

// waves takes the size of the slowest waves (cosines) in the series, whatever its memory is (Müller).
func waves(d []float64) (variance float64) {
	for k := 1; k <= slow; k++ {
		size := 0.0
		for i, x := range d {
			size += x * math.Cos(math.Pi*float64(k)*(float64(i)+0.5)/float64(len(d)))
		}
		variance += 2 * size * size / slow
	}
	return variance
}

// threes returns the sums of three neighbours each.
func threes(d []float64) (sums []float64) {
	for part := range slices.Chunk(d, 3) {
		sum := 0.0
		for _, x := range part {
			sum += x
		}
		sums = append(sums, sum)
	}
	return sums
}

func squares(d []float64) (sum float64) {
	for _, x := range d {
		sum += x * x
	}
	return sum
}
