package sms

import (
	"fmt"
	"slices"
	"strings"
)

const (
	endpointVariable = "HUAWEICLOUD_SMS_ENDPOINT"
	regionVariable   = "HW_REGION_NAME"
	regionPrefix     = "HUAWEICLOUD_SDK_REGION_SMS_"
)

// endpoint is what NewClientFromEnv documents.
func (e environment) endpoint() (string, error) {
	if endpoint := e.lookup(endpointVariable); endpoint != "" {
		return endpoint, nil
	}
	region := e.lookup(regionVariable)
	if region == "" {
		return e.onlyRegion()
	}
	variable := regionPrefix + strings.ToUpper(strings.ReplaceAll(region, "-", "_"))
	if endpoints := e.lookup(variable); endpoints != "" {
		return firstOf(endpoints), nil
	}
	endpoint, err := Endpoint(region)
	if err != nil {
		return "", fmt.Errorf("%s: %w; or set %s", regionVariable, err, endpointVariable)
	}
	return endpoint, nil
}

// onlyRegion returns the endpoint of the one region that the SDK's variables name.
func (e environment) onlyRegion() (string, error) {
	var names []string
	for _, entry := range e.list() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, regionPrefix) && value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	switch len(names) {
	case 0:
		return "", invalidArgument(fmt.Sprintf("the environment names no endpoint: set %s, or %s to one of %s",
			endpointVariable, regionVariable, strings.Join(Regions(), ", ")))
	case 1:
		return firstOf(e.lookup(names[0])), nil
	default:
		return "", invalidArgument(fmt.Sprintf("%s are set: say with %s which region is meant",
			strings.Join(names, " and "), regionVariable))
	}
}

func firstOf(endpoints string) string {
	first, _, _ := strings.Cut(endpoints, ",")
	return strings.TrimSpace(first)
}
