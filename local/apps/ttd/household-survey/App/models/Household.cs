#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models;

/// <summary>Husholdningen: medlemmer, språk og samtykke.</summary>
[XmlRoot(ElementName = "Household")]
public class Household
{
    [XmlElement("consent", Order = 1)]
    [JsonProperty("consent")]
    [JsonPropertyName("consent")]
    public Consent? Consent { get; set; }

    [XmlElement("respondent", Order = 2)]
    [JsonProperty("respondent")]
    [JsonPropertyName("respondent")]
    public Respondent? Respondent { get; set; }

    [XmlElement("residence", Order = 3)]
    [JsonProperty("residence")]
    [JsonPropertyName("residence")]
    public Residence? Residence { get; set; }

    [XmlElement("members", Order = 4)]
    [JsonProperty("members")]
    [JsonPropertyName("members")]
    public List<MembersRow> Members { get; set; } = [];

    [XmlElement("children", Order = 5)]
    [JsonProperty("children")]
    [JsonPropertyName("children")]
    public Children? Children { get; set; }

    [XmlElement("languages", Order = 6)]
    [JsonProperty("languages")]
    [JsonPropertyName("languages")]
    public Languages? Languages { get; set; }

    [XmlElement("derived", Order = 7)]
    [JsonProperty("derived")]
    [JsonPropertyName("derived")]
    public HouseholdDerived? Derived { get; set; }
}

public class Consent
{
    /// <summary>Samtykker du til å delta.</summary>
    [MaxLength(255)]
    [XmlElement("participate", Order = 1)]
    [JsonProperty("participate")]
    [JsonPropertyName("participate")]
    public string? Participate { get; set; }

    /// <summary>Kan vi hente opplysninger om utdanning fra registre, så du slipper å oppgi dem.</summary>
    [MaxLength(255)]
    [XmlElement("linkRegisters", Order = 2)]
    [JsonProperty("linkRegisters")]
    [JsonPropertyName("linkRegisters")]
    public string? LinkRegisters { get; set; }

    /// <summary>Kan vi kontakte deg igjen neste år.</summary>
    [MaxLength(255)]
    [XmlElement("contactAgain", Order = 3)]
    [JsonProperty("contactAgain")]
    [JsonPropertyName("contactAgain")]
    public string? ContactAgain { get; set; }
}

public class Respondent
{
    /// <summary>Fødselsår.</summary>
    [MaxLength(255)]
    [XmlElement("birthYear", Order = 1)]
    [JsonProperty("birthYear")]
    [JsonPropertyName("birthYear")]
    public string? BirthYear { get; set; }

    /// <summary>Kjønn.</summary>
    [MaxLength(255)]
    [XmlElement("gender", Order = 2)]
    [JsonProperty("gender")]
    [JsonPropertyName("gender")]
    public string? Gender { get; set; }

    /// <summary>Sivilstand.</summary>
    [MaxLength(255)]
    [XmlElement("maritalStatus", Order = 3)]
    [JsonProperty("maritalStatus")]
    [JsonPropertyName("maritalStatus")]
    public string? MaritalStatus { get; set; }

    /// <summary>Høyeste fullførte utdanning.</summary>
    [MaxLength(255)]
    [XmlElement("education", Order = 4)]
    [JsonProperty("education")]
    [JsonPropertyName("education")]
    public string? Education { get; set; }
}

public class Residence
{
    /// <summary>Fylke.</summary>
    [MaxLength(255)]
    [XmlElement("county", Order = 1)]
    [JsonProperty("county")]
    [JsonPropertyName("county")]
    public string? County { get; set; }

    /// <summary>Kommune.</summary>
    [MaxLength(255)]
    [XmlElement("municipality", Order = 2)]
    [JsonProperty("municipality")]
    [JsonPropertyName("municipality")]
    public string? Municipality { get; set; }

    /// <summary>Hva slags sted bor du på.</summary>
    [MaxLength(255)]
    [XmlElement("areaType", Order = 3)]
    [JsonProperty("areaType")]
    [JsonPropertyName("areaType")]
    public string? AreaType { get; set; }

    /// <summary>Hvor lenge har du bodd i kommunen.</summary>
    [MaxLength(255)]
    [XmlElement("yearsHere", Order = 4)]
    [JsonProperty("yearsHere")]
    [JsonPropertyName("yearsHere")]
    public string? YearsHere { get; set; }
}

public class MembersRow
{
    [XmlAttribute("altinnRowId")]
    [JsonPropertyName("altinnRowId")]
    [System.Text.Json.Serialization.JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Newtonsoft.Json.JsonIgnore]
    public Guid AltinnRowId { get; set; }

    /// <summary>Forhold til deg.</summary>
    [MaxLength(255)]
    [XmlElement("relation", Order = 1)]
    [JsonProperty("relation")]
    [JsonPropertyName("relation")]
    public string? Relation { get; set; }

    /// <summary>Fødselsår.</summary>
    [MaxLength(255)]
    [XmlElement("birthYear", Order = 2)]
    [JsonProperty("birthYear")]
    [JsonPropertyName("birthYear")]
    public string? BirthYear { get; set; }

    /// <summary>Hovedaktivitet.</summary>
    [MaxLength(255)]
    [XmlElement("occupation", Order = 3)]
    [JsonProperty("occupation")]
    [JsonPropertyName("occupation")]
    public string? Occupation { get; set; }

    /// <summary>Bor her hele tiden.</summary>
    [MaxLength(255)]
    [XmlElement("livesFullTime", Order = 4)]
    [JsonProperty("livesFullTime")]
    [JsonPropertyName("livesFullTime")]
    public string? LivesFullTime { get; set; }
}

public class Children
{
    /// <summary>Bor det barn under 18 år i husholdningen.</summary>
    [MaxLength(255)]
    [XmlElement("under18", Order = 1)]
    [JsonProperty("under18")]
    [JsonPropertyName("under18")]
    public string? Under18 { get; set; }

    /// <summary>Hvilke tilbud bruker barna.</summary>
    [MaxLength(255)]
    [XmlElement("childcare", Order = 2)]
    [JsonProperty("childcare")]
    [JsonPropertyName("childcare")]
    public string? Childcare { get; set; }

    /// <summary>Omtrent hvor mange timer i uken.</summary>
    [XmlElement("hoursPerWeek", Order = 3)]
    [JsonProperty("hoursPerWeek")]
    [JsonPropertyName("hoursPerWeek")]
    public int? HoursPerWeek { get; set; }

    /// <summary>Hvor fornøyd er du med tilbudet.</summary>
    [MaxLength(255)]
    [XmlElement("satisfaction", Order = 4)]
    [JsonProperty("satisfaction")]
    [JsonPropertyName("satisfaction")]
    public string? Satisfaction { get; set; }
}

public class Languages
{
    /// <summary>Hvilke språk snakker dere hjemme.</summary>
    [MaxLength(255)]
    [XmlElement("home", Order = 1)]
    [JsonProperty("home")]
    [JsonPropertyName("home")]
    public string? Home { get; set; }

    /// <summary>Hvilket språk vil du helst ha brev fra det offentlige på.</summary>
    [MaxLength(255)]
    [XmlElement("reading", Order = 2)]
    [JsonProperty("reading")]
    [JsonPropertyName("reading")]
    public string? Reading { get; set; }

    /// <summary>Trenger noen i husholdningen tolk.</summary>
    [MaxLength(255)]
    [XmlElement("needInterpreter", Order = 3)]
    [JsonProperty("needInterpreter")]
    [JsonPropertyName("needInterpreter")]
    public string? NeedInterpreter { get; set; }
}

public class HouseholdDerived
{
    /// <summary>Antall personer i husholdningen, regnet ut av appen.</summary>
    [XmlElement("size", Order = 1)]
    [JsonProperty("size")]
    [JsonPropertyName("size")]
    public int? Size { get; set; }
}
