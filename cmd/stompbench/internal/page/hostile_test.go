package page_test

import (
	"bytes"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stompwire/stompwire/cmd/stompbench/internal/page"
	"github.com/stompwire/stompwire/cmd/stompbench/internal/slo"
)

// attack leaves every place of the page in which text can stand, if that place does not hold it.
const attack = `</title></style></script><script>hacked=1</script><img src=x onerror=hacked=1>"'><b onclick=hacked=1>` +
	"`${hacked=1}</textarea>--><!--\u2028]]>javascript:hacked=1\x00"

// poison writes attack to every text that a value has, and adds an element with it to each empty
// list of texts. Keys of maps are left as they are.
func poison(v reflect.Value) (n int) {
	if v.CanAddr() && v.Type() == reflect.TypeFor[slo.Condition]() { // not its metric, which is that of the registry
		_ = v.Addr().Interface().(*slo.Condition).UnmarshalText([]byte(attack))
		return 1
	}
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(attack)
			n++
		}
	case reflect.Pointer:
		if !v.IsNil() {
			n += poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += poison(v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 && v.CanSet() && v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			n += poison(v.Index(i))
		}
	}
	return n
}

// hostile returns the pages of results of strangers: of one run, of several and of a search.
func hostile(t *testing.T) map[string][]byte {
	t.Helper()
	first, second := bad(1), bad(99)
	search := searched(t, searchConfig, 50_000, math.Inf(1))
	for _, v := range []any{first, second, search} {
		if n := poison(reflect.ValueOf(v)); n < 30 {
			t.Fatalf("only %d texts were poisoned", n)
		}
	}
	var out bytes.Buffer
	if err := page.WriteSearch(&out, search); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"run":     []byte(render(t, page.Run{Name: attack, Result: first})),
		"several": []byte(render(t, page.Run{Name: attack, Result: first}, page.Run{Name: attack, Result: second})),
		"search":  out.Bytes(),
	}
}

// No text of a result becomes an element, an attribute or a script.
func TestTextsOfStrangersStayText(t *testing.T) {
	for name, page := range hostile(t) {
		text := string(page)
		for _, no := range []string{"<img", "<b onclick", "<textarea", "</textarea", "ZgotmplZ", "<!--"} {
			if strings.Contains(text, no) {
				t.Errorf("%s: %q is in the page", name, no)
			}
		}
		for tag, want := range map[string]int{"script": 2, "style": 1, "title": 1} {
			for _, tag := range []string{"<" + tag + `\b`, "</" + tag + `\b`} {
				if n := len(regexp.MustCompile(tag).FindAllString(text, -1)); n != want {
					t.Errorf("%s: %s is there %d times, want %d", name, tag, n, want)
				}
			}
		}
		if strings.Count(text, "hacked=1") < 20 {
			t.Errorf("%s: hardly a text is shown", name)
		}
	}
}
