package sms

import (
	"fmt"
	"slices"
	"strings"
)

// Endpoint returns the URL of the service in a region: Endpoint("ap-southeast-3")
// is "https://sms.ap-southeast-3.myhuaweicloud.com". A region that the library does not
// know is ErrInvalidArgument, and the error names those it knows; any endpoint can
// be given to NewClient as it is.
//
// The regions are those of the official SDK as of January 2026. SMS is a global
// service: one endpoint serves migrations to every region of its site. Source:
// https://support.huaweicloud.com/intl/en-us/api-sms/sms_api_0004.html
func Endpoint(region string) (string, error) {
	host, known := regionHost(region)
	if !known {
		return "", invalidArgument(fmt.Sprintf("unknown region %q: the known ones are %s; for another pass its endpoint to NewClient",
			oneLine(region), strings.Join(Regions(), ", ")))
	}
	return "https://" + host, nil
}

// Regions returns the regions that Endpoint knows, sorted.
func Regions() []string {
	regions := []string{"ap-southeast-3", "cn-north-4", "my-kualalumpur-1", "ru-moscow-1"}
	slices.Sort(regions)
	return regions
}

func regionHost(region string) (string, bool) {
	switch {
	case region == "ru-moscow-1":
		return "sms-api.ru-moscow-1.myhuaweicloud.com", true
	case slices.Contains(Regions(), region):
		return "sms." + region + ".myhuaweicloud.com", true
	default:
		return "", false
	}
}
