//! One account in two places at once.

use rule_macros::rule;

rule! { <SigninLogs>
    /// Sign-ins too far apart for the time between them
    ///
    /// An account signs in at two places that nobody can travel between in that time: more than 500 km apart, and faster
    /// than an airliner, which makes about 900 km/h. One of the two is somebody else, or an address that is not where it
    /// seems to be.
    id: "entra-impossible-travel",
    version: "1.0.0",
    severity: Medium,
    attack: { InitialAccess: [T1078.004] },
    schedule: every 1h over 1d,
    alert_key: UserPrincipalName, PreviousTime, TimeGenerated,
    tags: ["Entra ID", "Sign-in"],
    references: ["https://learn.microsoft.com/en-us/entra/id-protection/concept-identity-protection-risks"],
    false_positives: [
        "A virtual private network, a proxy or a mobile operator whose addresses lie elsewhere.",
        "An account that several people use.",
    ],
    runbook: "Look at which of the two addresses the account has used before, and ask the person. If the other is a stranger's, end the sessions, reset the password, and look at what was done from there.",
    title: "{UserPrincipalName}: {PreviousCity} to {City}, {Kilometres} km in {Minutes} minutes",
    full_scan: accepted,

    | where ResultType == "0" and isnotempty(UserPrincipalName)
    | extend Latitude = toreal(LocationDetails.geoCoordinates.latitude), Longitude = toreal(LocationDetails.geoCoordinates.longitude)
    | where isnotnull(Latitude) and isnotnull(Longitude)
    | project TimeGenerated, UserPrincipalName = tolower(UserPrincipalName), IPAddress, City = tostring(LocationDetails.city),
        Country = tostring(LocationDetails.countryOrRegion), AppDisplayName, Latitude, Longitude
    | sort by UserPrincipalName asc, TimeGenerated asc
    | extend PreviousUser = prev(UserPrincipalName), PreviousTime = prev(TimeGenerated), PreviousAddress = prev(IPAddress),
        PreviousCity = prev(City), PreviousCountry = prev(Country), PreviousLatitude = prev(Latitude),
        PreviousLongitude = prev(Longitude)
    | where PreviousUser == UserPrincipalName and PreviousAddress != IPAddress
    // The distance on a sphere of the earth's mean radius, by the haversine formula.
    | extend Haversine = pow(sin(radians(Latitude - PreviousLatitude) / 2), 2)
        + cos(radians(PreviousLatitude)) * cos(radians(Latitude)) * pow(sin(radians(Longitude - PreviousLongitude) / 2), 2)
    | extend Kilometres = round(2 * 6371 * asin(sqrt(Haversine))), Minutes = round((TimeGenerated - PreviousTime) / 1m)
    | where Kilometres > 500 and Kilometres > 900 * ((TimeGenerated - PreviousTime) / 1h)
    | project TimeGenerated, UserPrincipalName, IPAddress, City, Country, AppDisplayName, PreviousTime, PreviousAddress,
        PreviousCity, PreviousCountry, Kilometres, Minutes

    context: { "Account": UserPrincipalName, "From": PreviousCity, "To": City },
    entities: {
        Account { FullName: UserPrincipalName },
        IP { Address: IPAddress },
        IP { Address: PreviousAddress },
    },

    test "Lisbon and Singapore within an hour" fires [
        {
            "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "0", "UserPrincipalName": "Ana@contoso.com", "IPAddress": "198.51.100.7",
            "LocationDetails": { "city": "Lisbon", "countryOrRegion": "PT", "geoCoordinates": { "latitude": 38.72, "longitude": -9.14 } },
        },
        {
            "TimeGenerated": "2024-03-01T11:00:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "203.0.113.9",
            "LocationDetails": "{\"city\":\"Singapore\",\"countryOrRegion\":\"SG\",\"geoCoordinates\":{\"latitude\":1.35,\"longitude\":103.82}}",
        },
    ] -> { UserPrincipalName: "ana@contoso.com", PreviousCity: "Lisbon", City: "Singapore", Kilometres: "11879.0", Minutes: "60.0" }

    // Nine degrees of the equator are 1001 km, for which 900 km/h take 66 minutes and 44 seconds.
    test "a little faster than an airliner" fires [
        {
            "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7",
            "LocationDetails": { "geoCoordinates": { "latitude": 0, "longitude": 0 } },
        },
        {
            "TimeGenerated": "2024-03-01T11:06:43Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "203.0.113.9",
            "LocationDetails": { "geoCoordinates": { "latitude": 0, "longitude": 9 } },
        },
    ] -> { Kilometres: "1001.0" }

    test "a little slower than an airliner" silent [
        {
            "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7",
            "LocationDetails": { "geoCoordinates": { "latitude": 0, "longitude": 0 } },
        },
        {
            "TimeGenerated": "2024-03-01T11:06:45Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "203.0.113.9",
            "LocationDetails": { "geoCoordinates": { "latitude": 0, "longitude": 9 } },
        },
    ]

    test "at once, but not far" silent [
        {
            "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7",
            "LocationDetails": { "geoCoordinates": { "latitude": 48.14, "longitude": 11.58 } },
        },
        {
            "TimeGenerated": "2024-03-01T10:00:01Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "203.0.113.9",
            "LocationDetails": { "geoCoordinates": { "latitude": 50.11, "longitude": 8.68 } },
        },
    ]

    test "two people, a failure, and a place that is unknown" silent [
        {
            "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7",
            "LocationDetails": { "geoCoordinates": { "latitude": 38.72, "longitude": -9.14 } },
        },
        {
            "TimeGenerated": "2024-03-01T10:10:00Z", "ResultType": "0", "UserPrincipalName": "ben@contoso.com", "IPAddress": "203.0.113.9",
            "LocationDetails": { "geoCoordinates": { "latitude": 1.35, "longitude": 103.82 } },
        },
        {
            "TimeGenerated": "2024-03-01T10:20:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "203.0.113.9",
            "LocationDetails": { "geoCoordinates": { "latitude": 1.35, "longitude": 103.82 } },
        },
        {
            "TimeGenerated": "2024-03-01T10:30:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "192.0.2.1",
            "LocationDetails": { "countryOrRegion": "SG", "geoCoordinates": {} },
        },
    ]
}
