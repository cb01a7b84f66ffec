package console

import "io/fs"

// Inert opens the guard against formulas in CSV.
var Inert = inert

// Assets opens the embedded files.
func Assets() fs.FS { return assets }

// Catalogues returns the texts of each language.
func Catalogues() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, l := range languages {
		all[l.Tag] = l.texts
	}
	return all
}

// PageNames returns the last segments of the addresses of all pages that need no parameters.
func PageNames() (names []string) {
	for _, p := range newPages() {
		if p.key != "" {
			names = append(names, p.name)
		}
	}
	return names
}
