module example.com/huaweicloud/sms

go 1.26.0

require (
	github.com/go-json-experiment/json v1.27.2
	github.com/go-resty/resty/v2 v2.17.2
)

require golang.org/x/net v0.62.0 // indirect
