// Package spring tests that Spring Security's default bearer resolver, which services behind no API Gateway use, takes the tokens of pats.
package spring
